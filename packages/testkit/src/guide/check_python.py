"""Reads texts of Python as JSON; prints which cannot be compiled, and what they name of `modal` that is not there."""

import ast
import json
import sys

import modal


def faults(text):
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"cannot be compiled: {error.msg}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names = chain(node)
            if names[:1] == ["modal"] and (missing := absent(names[1:])):
                yield node.lineno, f"modal has no {missing}"
        elif isinstance(node, ast.ImportFrom) and node.module == "modal":
            for alias in node.names:
                if absent([alias.name]):
                    yield node.lineno, f"modal has no {alias.name}"


def chain(node):
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def absent(names):
    value = modal
    for index, name in enumerate(names):
        if not hasattr(value, name):
            return ".".join(names[: index + 1])
        value = getattr(value, name)
        if not isinstance(value, type):
            return None
    return None


for block in json.load(sys.stdin):
    for line, words in faults(block["text"]):
        print(f"{block['place']}:{block['line'] + line - 1}: {words}")
