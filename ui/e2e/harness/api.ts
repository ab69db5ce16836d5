/** What the tests ask the server beside the page. */
import type { components } from "../../src/api/schema";
import type { TestServer } from "./server";
import { until } from "./until";

type Schemas = components["schemas"];

export class Api {
  constructor(private readonly server: TestServer) {}

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.server.url}/api/v1${path}`);
    if (!response.ok) throw new Error(`GET ${path}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async post<T>(path: string, body: unknown, type = "application/json"): Promise<T> {
    const response = await fetch(`${this.server.url}/api/v1${path}`, { method: "POST", headers: { "content-type": type }, body: typeof body === "string" ? body : JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST ${path}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as T;
  }

  apply(yaml: string): Promise<unknown> {
    return this.post("/apply", yaml, "application/yaml");
  }

  async start(workflow: string, input: unknown): Promise<string> {
    return (await this.post<Schemas["Submitted"]>("/workflows", { workflow, input })).id;
  }

  async startMany(workflow: string, inputs: readonly unknown[]): Promise<string[]> {
    const answer = await this.post<Schemas["BatchAnswer"]>("/workflows/batch", { items: inputs.map((input) => ({ workflow, input })) });
    return answer.items.map((item) => item.id ?? "");
  }

  instance(id: string): Promise<Schemas["Instance"]> {
    return this.get(`/workflows/${id}`);
  }

  async reaches(id: string, ...statuses: readonly string[]): Promise<void> {
    await until(`${id} is ${statuses.join(" or ")}`, async () => statuses.includes((await this.instance(id)).status));
  }

  /** Turns a service's switch. */
  async turn(service: string, mode: Readonly<Record<string, unknown>>): Promise<void> {
    await fetch(`${this.server.services}/${service}/_switch`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(mode) });
  }
}

export const CUSTOMER = { customer_id: "c-1", name: "Ada Byron", email: "ada@example.org" } as const;

export const ORDER = {
  order_id: "o-1", customer: { email: "ada@example.org" }, ship_to: { country: "GB" }, max_shipping: 60,
  lines: [{ sku: "lamp-oak", quantity: 1, unit_price: 79.5, weight_kg: 1.4 }, { sku: "chair-felt", quantity: 2, unit_price: 112, weight_kg: 0.9 }],
} as const;

/** Workflows that wait, repeat and ask, for what the examples do not show. */
export const MORE = `
workflow:
  name: sleeper
  version: 1.0.0
  timeout: 24h
  input: { schema: { type: object, properties: { note: { type: string } } } }
  subject: "\${ has(input.note) ? input.note : '' }"
  steps: [{ id: nap, wait: { for: 1h } }]
---
workflow:
  name: nightly-import
  version: 1.0.0
  timeout: 24h
  input: { schema: { type: object, required: [rows], properties: { rows: { type: integer, minimum: 1, title: Rows } } } }
  steps:
    - id: rows
      for-each: "\${ range(input.rows) }"
      as: row
      concurrency: 64
      steps: [{ id: import-row, adapter: local, action: delay, input: { for: 1ms } }]
    - { id: settle, wait: { for: 30m } }
`;

export async function put(api: Api): Promise<void> {
  await api.apply(MORE);
  await api.apply(MORE.replaceAll("version: 1.0.0", "version: 1.1.0").replaceAll("for: 30m", "for: 45m"));
}

/** Workflows that events, routers, schedules and callbacks have to do with; `receiver` is told of what becomes of them. */
export function eventful(receiver: string): string {
  return `
workflow:
  name: greet
  version: 1.0.0
  timeout: 1h
  trigger: { type: event, event-type: customer.created }
  subject: "\${ event.name }"
  input: { schema: { type: object, required: [name], properties: { name: { type: string } } } }
  steps: [{ id: say, adapter: local, action: echo, input: { name: "\${ input.name }" } }]
---
workflow:
  name: big-order
  version: 1.0.0
  timeout: 1h
  input: { schema: { type: object } }
  steps: [{ id: check, adapter: local, action: echo }, { id: start-one, workflow: small-order }]
---
workflow:
  name: small-order
  version: 1.0.0
  timeout: 1h
  input: { schema: { type: object } }
  steps: [{ id: pack, adapter: local, action: echo }]
---
workflow:
  name: nightly-report
  version: 1.0.0
  timeout: 1h
  trigger: { type: schedule, id: night, cron: "0 3 * * *", time-zone: Europe/Berlin, catch-up: last, overlap: skip }
  steps: [{ id: report, adapter: local, action: echo }]
---
routers:
  - name: orders
    match: meta.type == 'order.placed'
    rules:
      - { name: big, condition: event.amount > 10000 && event.region == 'EU', destination: big-order, priority: high }
      - { name: pool, condition: event.many == true, destination: { pool: [{ destination: big-order, weight: 3 }, { destination: small-order }], balance: weighted } }
    default: small-order
---
callbacks:
  - { name: crm, event: workflow.completed, url: "${receiver}/hooks", workflow: greet }
`;
}
