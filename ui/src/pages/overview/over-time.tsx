import { useQuery } from "@tanstack/react-query";
import { useMemo, type JSX } from "react";
import { statsQuery } from "../../api/queries";
import { useMinute } from "../../kit/clock";
import { Failure } from "../../kit/notice";
import { duration, figure } from "../../model/time";
import { moment } from "../workflows/filters";
import { Figure } from "./figure";
import { historyOf, SPANS } from "./history";

const perSecond = (value: number): string => figure(value);
const inTime = (value: number): string => duration(value);
const ofHundred = (value: number): string => `${figure(value)} %`;

/** How many, how fast and how well over the range, as the server has counted it. */
export function OverTime({ range }: { readonly range: string }): JSX.Element {
  const minute = useMinute();
  const asked = useMemo(() => ({ from: moment(range, minute), step_seconds: SPANS[range] ?? 900 }), [range, minute]);
  const { data, error, refetch } = useQuery(statsQuery(asked));
  const past = useMemo(() => (data === undefined ? undefined : historyOf(data)), [data]);
  if (error !== null && past === undefined) return <Failure error={error} retry={() => void refetch()} />;
  const { times = [], flow = [], latency = [], failed = [] } = past ?? {};
  const quiet = "Nothing ended in this time.";
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-3">
      <Figure title="Workflows a second" times={times} series={flow} format={perSecond} least={1} />
      <Figure title="From start to end" times={times} series={latency} format={inTime} least={10} quiet={quiet} />
      <Figure title="Failed, of those that ended" times={times} series={failed} format={ofHundred} least={1} quiet={quiet} />
    </div>
  );
}
