"""Sends events by the published packages of Python: URL and folders stand in the arguments. Prints what was answered,
one JSON line each.

The package has no batch mode: a batch is the list of what it serialises."""

import json
import sys
import urllib.error
import urllib.request

URL, CLOUDEVENTS, STANDARDWEBHOOKS, SECRET = sys.argv[1:5]
sys.path[:0] = [CLOUDEVENTS, STANDARDWEBHOOKS]

from datetime import datetime, timezone  # noqa: E402

from cloudevents.core.bindings.http import to_binary_event, to_structured_event  # noqa: E402
from cloudevents.core.v1.event import CloudEvent  # noqa: E402
from standardwebhooks import Webhook  # noqa: E402


def post(path, headers, body):
    request = urllib.request.Request(URL + path, body, {**headers}, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    print(json.dumps({"status": status, "body": json.loads(text)}), flush=True)


def event(number):
    attributes = {
        "id": f"py-{number}",
        "source": "/python sdk",
        "type": "sdk.sent",
        "subject": "Grüße, 100 %",
        "time": datetime.now(timezone.utc),
        "datacontenttype": "application/json",
        "region": "eu",
    }
    return CloudEvent(attributes, {"number": number, "text": "Grüße"})


for message in [to_structured_event(event(1)), to_binary_event(event(2))]:
    post("/api/v1/events", message.headers, message.body)
batch = [json.loads(to_structured_event(event(number)).body) for number in [3, 4, 2]]
post("/api/v1/events", {"content-type": "application/cloudevents-batch+json"}, json.dumps(batch).encode())


def signed(body, tampered=None, at=None):
    at = at or datetime.now(timezone.utc)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", at, body),
        "content-type": "application/json",
    }
    post("/api/v1/hooks/partner", headers, (tampered or body).encode())


BODY = '{"type": "invoice.paid", "amount": 7}'
signed(BODY)
signed(BODY)
signed(BODY, tampered=BODY.replace("7", "70"))
signed(BODY, at=datetime.fromtimestamp(1_700_000_000, timezone.utc))
