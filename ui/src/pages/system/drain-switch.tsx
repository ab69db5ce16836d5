import { useQueryClient } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, take, type Schemas } from "../../api/client";
import { nodesQuery } from "../../api/queries";
import { Button } from "../../kit/button";
import { Confirm } from "../../kit/confirm";

/** Takes a node out of use while it runs on, or back. */
export function DrainSwitch({ node }: { readonly node: Schemas["Node"] }): JSX.Element {
  const [asked, setAsked] = useState(false);
  const client = useQueryClient();
  const inUse = node.unfit == null;
  const act = (reason: string): Promise<unknown> => {
    const given = { params: { path: { node: node.id } }, body: { reason } };
    return inUse ? take(api.POST("/api/v1/system/nodes/{node}/drain", given)) : take(api.POST("/api/v1/system/nodes/{node}/undrain", given));
  };
  const close = (acted: boolean): void => {
    setAsked(false);
    if (acted) void client.invalidateQueries({ queryKey: nodesQuery.queryKey });
  };
  return (
    <>
      <Button small look={inUse ? "danger" : "plain"} aria-label={`${inUse ? "Drain" : "Take back"} ${node.name}`} onClick={() => setAsked(true)}>{inUse ? "Drain" : "Take back"}</Button>
      {asked && (
        <Confirm title={inUse ? `Take ${node.name} out of use` : `Take ${node.name} back into use`} verb={inUse ? "Drain it" : "Take it back"} danger={inUse} onClose={close} act={act}>
          {inUse
            ? "It hands over what it owns to the other nodes, and sends requests on. It runs until it is stopped; its restart takes it back into use."
            : "It owns its share of the partitions again."}
        </Confirm>
      )}
    </>
  );
}
