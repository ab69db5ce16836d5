// The same three steps as calls over HTTP, for an engine that calls a service once for each step.
//   node steps.mjs PORT
import http from 'node:http';

const steps = { 1: (value) => value + 1, 2: (value) => value * 2, 3: (value) => value + 3 };

const answer = (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { order, step, value } = JSON.parse(Buffer.concat(chunks).toString());
    const body = JSON.stringify({ order, value: steps[step](value) });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
};

http.createServer(answer).listen(Number(process.argv[2]), '127.0.0.1');
