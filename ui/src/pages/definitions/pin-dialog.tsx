import type { JSX } from "react";
import { api, take, type Schemas } from "../../api/client";
import { Confirm } from "../../kit/confirm";

interface PinDialogProps {
  readonly definition: Schemas["Definition"];
  readonly version: string;
  readonly onClose: () => void;
}

/** Chooses the version that a start takes, or frees the choice. */
export function PinDialog({ definition: { name, default_version: present, pinned }, version, onClose }: PinDialogProps): JSX.Element {
  const unpin = pinned && version === present;
  const act = (reason: string): Promise<unknown> => take(api.PUT("/api/v1/definitions/{name}/default", { params: { path: { name } }, body: { version: unpin ? null : version, reason } }));
  return (
    <Confirm title={unpin ? `Unpin ${name}` : `Take ${version} from now on`} verb={unpin ? "Unpin it" : "Make it the default"} onClose={onClose} act={act}>
      {unpin ? "A start without a version takes the highest release again." : `From now on a start of ${name} without a version takes ${version}${version === present ? ", also when a higher one is applied" : ` instead of ${present}`}, and its triggers are the live ones. What runs already stays on its version.`}
    </Confirm>
  );
}
