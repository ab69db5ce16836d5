// Fails when a package that is shipped (or built with) has a licence that is not on the list.
import { readFile } from "node:fs/promises";

const shipped = new Set(["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "OFL-1.1", "Unlicense"]);
// Only used while building or testing: nothing of them is handed out.
const tools = new Set([...shipped, "CC-BY-4.0", "MPL-2.0", "Python-2.0", "(MIT OR CC0-1.0)"]);

const lock = JSON.parse(await readFile(new URL("../package-lock.json", import.meta.url), "utf8"));
const complaints = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === "") continue;
  const taken = entry.dev === true || entry.devOptional === true ? tools : shipped;
  if (!taken.has(entry.license)) complaints.push(`${path}: ${entry.license ?? "no licence"}`);
  if (entry.resolved !== undefined) complaints.push(`${path}: names a registry (npm install with omit-lockfile-registry-resolved)`);
}
if (complaints.length > 0) {
  console.error(`expected permissive licences and no registry in package-lock.json, but found:\n${complaints.join("\n")}`);
  process.exit(1);
}
