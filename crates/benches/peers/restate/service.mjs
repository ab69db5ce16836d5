// What Restate calls: three durable steps, each of which computes something small.
//   node service.mjs PORT, in the folder where the library was installed
import { createRequire } from 'node:module';

const require = createRequire(`${process.cwd()}/package.json`);
const restate = require('@restatedev/restate-sdk');

const three = async (context, input) => {
  const first = await context.run('first', () => input.value + 1);
  const second = await context.run('second', () => first * 2);
  const third = await context.run('third', () => second + 3);
  return { order: input.order, value: third };
};

const service = restate.service({ name: 'bench', handlers: { three } });
restate.serve({ services: [service], port: Number(process.argv[2]) });
