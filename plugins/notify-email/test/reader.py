"""Reads a JSON list of mails from stdin, with the parser that many tools are built on, and says as JSON what it makes of each."""

import json
import sys
from email import message_from_bytes, policy
from html.parser import HTMLParser


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append([tag, [name for name, _ in attrs]])
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text.append(data)


def read(mail):
    message = message_from_bytes(mail.encode("ascii"), policy=policy.default)
    plain = message.get_body(("plain",))
    html = Tags()
    html.feed(message.get_body(("html",)).get_content())
    defects = [str(it) for part in message.walk() for it in part.defects]
    return {
        "headers": message.keys(),
        "subject": message["subject"],
        "from": [[it.display_name, it.addr_spec] for it in message["from"].addresses],
        "to": [[it.display_name, it.addr_spec] for it in message["to"].addresses],
        "defects": defects + [str(it) for value in message.values() for it in value.defects],
        "parts": [part.get_content_type() for part in message.walk()],
        "text": plain.get_content(),
        "tags": html.tags,
        "links": html.links,
        "html": "".join(html.text),
    }


json.dump([read(mail) for mail in json.load(sys.stdin)], sys.stdout)
