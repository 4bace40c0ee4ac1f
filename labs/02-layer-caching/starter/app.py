"""Quotes: a web app on Flask that shows a quote for the day."""

from datetime import date

from flask import Flask, jsonify, render_template

from quotes import quote_of

app = Flask(__name__)


@app.get("/")
def home():
    return render_template("home.html", quote=quote_of(date.today()))


@app.get("/health")
def health():
    return jsonify(status="ok")


if __name__ == "__main__":
    # 0.0.0.0 means: listen on every address the container has.
    app.run(host="0.0.0.0", port=8000)
