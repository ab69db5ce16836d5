import { useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";
import { overviewRoute } from "../../app/router";
import { Page } from "../../kit/page";
import { Select } from "../../kit/select";
import { AdapterFigures } from "./adapter-figures";
import { Charts } from "./charts";
import { OverTime } from "./over-time";
import { Tallies } from "./tallies";
import { Troubles } from "./troubles";

const RANGES = [["1h", "last hour"], ["24h", "last 24 h"], ["7d", "last 7 days"]] as const;

export default function OverviewPage(): JSX.Element {
  const { range: written } = overviewRoute.useSearch();
  const navigate = useNavigate({ from: "/" });
  const range = RANGES.some(([value]) => value === written) ? (written ?? "24h") : "24h";
  return (
    <Page title="Overview" actions={
      <Select aria-label="Time range"  value={range} onChange={(event) => void navigate({ search: { range: event.target.value }, replace: true })}>
        {RANGES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}
      </Select>
    }>
      <Troubles range={range} />
      <Tallies range={range} />
      <OverTime range={range} />
      <AdapterFigures range={range} />
      <Charts />
    </Page>
  );
}
