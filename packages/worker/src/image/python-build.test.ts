import { afterAll, beforeAll, expect, test } from "vitest";
import { testBuilder } from "./test-builder.ts";

let builder: Awaited<ReturnType<typeof testBuilder>>;

beforeAll(async () => {
  builder = await testBuilder();
});
afterAll(() => builder[Symbol.asyncDispose]());

const looks = [
  "RUN python --version && python3 --version && which python python3 pip",
  "RUN pip --version && pip install --upgrade pip wheel uv",
  "RUN python -c 'import ssl, sqlite3, ctypes, lzma, bz2, readline, zlib, curses, uuid; print(\"modules:\", ssl.OPENSSL_VERSION)'",
  'RUN python -c \'import sysconfig, os; d = sysconfig.get_paths(); print("headers:", os.path.exists(os.path.join(d["include"], "Python.h")))\'',
  "RUN uv pip install --system six && python -c 'import six; print(\"six:\", six.__file__)'",
  "RUN test -e /etc/ssl/certs/ca-certificates.crt && test -e /etc/protocols && test -e /usr/share/zoneinfo/UTC && echo $LANG $PYTHON_VERSION",
  "RUN python -m venv /tmp/v && /tmp/v/bin/python -c 'import sys; print(\"venv:\", sys.prefix)' && rm -r /tmp/v",
  'RUN env | grep -i -e \'^PATH\' -e GPG; python -c \'import sysconfig as s; print(s.get_config_var("LIBDIR"), s.get_config_var("INCLUDEPY"), s.get_config_var("prefix"))\'; python3-config --includes',
].join("\n");

test.each(["python:3.11.12-slim-bookworm", "python:3.8.19-slim-bookworm", "python:3.13.3-slim-bookworm"])(
  "%s",
  async (name) => {
    const started = Date.now();
    const built = await builder.build(
      { dockerfile: `FROM ${name}\n${looks}` },
      { onLog: (_, t) => process.stderr.write(t) },
    );
    process.stderr.write(name + (Date.now() - started));
    for (const id of built.layerIds) console.log(id, await builder.layers.sizeOf(id));
  },
  300_000,
);
