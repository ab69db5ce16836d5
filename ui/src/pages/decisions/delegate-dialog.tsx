import { useQueryClient } from "@tanstack/react-query";
import { useState, type JSX } from "react";
import { api, take } from "../../api/client";
import { Confirm } from "../../kit/confirm";
import { Select } from "../../kit/select";

/** Hands on the right to answer. */
export function DelegateDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }): JSX.Element {
  const [kind, setKind] = useState<"user" | "role">("user");
  const [name, setName] = useState("");
  const client = useQueryClient();
  const act = async (comment: string): Promise<void> => {
    await take(api.POST("/api/v1/decisions/{id}/delegate", { params: { path: { id } }, body: { to: `${kind}:${name.trim()}`, comment } }));
    await client.invalidateQueries({ queryKey: ["decisions"] });
  };
  return (
    <Confirm title="Hand it on" verb="Hand it on" disabled={name.trim() === ""} reasonLabel="Comment (for the record)" onClose={onClose} act={act}>
      <p className="mb-3">Whoever is named may answer instead of you. It stays in the history that you handed it on.</p>
      <div className="grid grid-cols-[auto_1fr] gap-3 text-ink">
        <Select aria-label="To a" value={kind} onChange={(event) => setKind(event.target.value === "role" ? "role" : "user")}><option value="user">user</option><option value="role">role</option></Select>
        <input className="field" aria-label="Name" placeholder={kind === "user" ? "ann" : "finance"} value={name} onChange={(event) => setName(event.target.value)} />
      </div>
    </Confirm>
  );
}
