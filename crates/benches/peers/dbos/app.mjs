// Three durable steps on DBOS, which is a library: executor and load are one process, the store is PostgreSQL.
// Prints `begin` when it has warmed up, then one line of JSON.
//   node app.mjs DATABASE_URL IN_FLIGHT WARM_UP_SECONDS SECONDS, in the folder where the library was installed
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/package.json`);
const { DBOS } = require('@dbos-inc/dbos-sdk');
const [systemDatabaseUrl, ...numbers] = process.argv.slice(2);
const [inFlight, warmUp, seconds] = numbers.map(Number);

const three = DBOS.registerWorkflow(
  async (input) => {
    const first = await DBOS.runStep(async () => input.value + 1, { name: 'first' });
    const second = await DBOS.runStep(async () => first * 2, { name: 'second' });
    const third = await DBOS.runStep(async () => second + 3, { name: 'third' });
    return { order: input.order, value: third };
  },
  { name: 'three' },
);

const run = `r${process.pid}-${Date.now()}`;
let next = 0;

const one = async () => {
  const order = `${run}-${next++}`;
  const handle = await DBOS.startWorkflow(three, { workflowID: order })({ order, value: next });
  await handle.getResult();
};

// A closed loop; answers how long each took, in milliseconds.
const loop = async (lasting) => {
  const timed = [];
  const end = performance.now() + lasting * 1000;
  const lane = async () => {
    while (performance.now() < end) {
      const begun = performance.now();
      await one();
      timed.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return timed;
};

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

DBOS.setConfig({ name: 'bench', systemDatabaseUrl, logLevel: 'error' });
await DBOS.launch();
await loop(warmUp);
console.log('begin');
const [begun, cpu] = [performance.now(), cpuMs()];
const timed_ms = await loop(seconds);
const lasted_s = (performance.now() - begun) / 1000;
const result = JSON.stringify({ lasted_s, cpu_ms: cpuMs() - cpu, timed_ms });
// A pipe takes 64 KiB at once; leaving before it took all would cut the rest off.
process.stdout.write(`${result}\n`, () => process.exit(0));
