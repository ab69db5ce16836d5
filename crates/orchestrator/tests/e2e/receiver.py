"""A receiver of webhooks that checks each signature by the published package. Prints its port, then what it took: one
JSON line each."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, sys.argv[1])
from standardwebhooks import Webhook  # noqa: E402

CHECK = Webhook(sys.argv[2])
LOCK = threading.Lock()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = CHECK.verify(body, dict(self.headers.items()))
            told = {"id": self.headers["webhook-id"], "type": event["type"], "data": event["data"]}
            status = 204
        except Exception as error:  # Whatever is wrong is told, and fails the test.
            told, status = {"error": repr(error)}, 400
        with LOCK:
            print(json.dumps(told), flush=True)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Receiver)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
