from werkzeug.serving import run_simple


class Flask:
    model = "request"

    def run(self, host="127.0.0.1", port=5000):
        run_simple(host, port, self)
