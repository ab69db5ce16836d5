// Sends events by the published package of npm: URL and folder stand in the arguments. Prints what was answered, one JSON
// line each.
//
// The package reads batches and writes none: a batch is the list of what it serialises. What it puts into headers it does
// not encode, so attributes are ASCII here.
const [url, folder] = process.argv.slice(2);
const { CloudEvent, HTTP } = require(folder);

const event = (number) =>
  new CloudEvent({
    id: `js-${number}`,
    source: "/js-sdk",
    type: "sdk.sent",
    subject: "greetings",
    region: "eu",
    data: { number, text: "Grüße" },
  });

async function post({ headers, body }) {
  const answer = await fetch(`${url}/api/v1/events`, { method: "POST", headers, body });
  console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
}

async function main() {
  await post(HTTP.structured(event(1)));
  await post(HTTP.binary(event(2)));
  const batch = [3, 4, 2].map((number) => HTTP.structured(event(number)).body);
  await post({
    headers: { "content-type": "application/cloudevents-batch+json" },
    body: `[${batch.join(",")}]`,
  });
}

main();
