// Writes src/api/schema.d.ts from the server's OpenAPI document; with --check it only says whether that is up to date.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

/** One member of an interface a line: what is generated is looked up, not read. */
function compact(text) {
  const lines = [];
  let open = "";
  for (const line of text.replaceAll(/\/\*[\s\S]*?\*\//g, "").split("\n")) {
    if (line.trim() === "") continue;
    const indent = line.length - line.trimStart().length;
    const starts = line.startsWith("export") || line.startsWith("}") || indent === 4 || (indent === 8 && open === "");
    if (starts && open === "") {
      lines.push(line);
      if (indent === 4 && line.endsWith("{") && !/^ {4}(schemas|responses|parameters|requestBodies|headers|pathItems): \{$/.test(line)) open = "    }";
      if (indent === 8 && line.endsWith("{")) open = "        }";
    } else {
      lines[lines.length - 1] += ` ${line.trim()}`;
      if (open !== "" && line.startsWith(`${open};`)) open = "";
    }
  }
  return `${lines.join("\n")}\n`;
}

const document = JSON.parse(await readFile(source, "utf8"));
const header = "// Generated from openapi.json by `npm run generate`; do not edit.\n";
// The schema of any JSON value says nothing; the model has a type for it.
const anyJson = /(\n {8}Json: )unknown;/;
const wanted = header + compact(astToString(await openapiTS(document, { defaultNonNullable: false }))).replace(anyJson, '$1import("../model/json").Json;');

if (!process.argv.includes("--check")) {
  await writeFile(target, wanted);
} else if ((await readFile(target, "utf8").catch(() => "")) !== wanted) {
  console.error("expected src/api/schema.d.ts to match openapi.json, but it does not: run `npm run generate` in ui/");
  process.exit(1);
}
