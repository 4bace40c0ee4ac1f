"""The start page."""

NOTES = ["Buy oat milk", "Call grandma", "Put this app into a container"]


def render(notes=NOTES):
    items = "\n".join(f"      <li>{note}</li>" for note in notes)
    return f"""<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Pinboard</title></head>
  <body>
    <h1><img src="/static/logo.png" alt="" width="32" height="32"> Pinboard</h1>
    <ul>
{items}
    </ul>
  </body>
</html>
"""
