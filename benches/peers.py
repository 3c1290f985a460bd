#!/usr/bin/env python3
"""Speed of datafog beside other scanners, in one run on one machine.

    benches/peers.py DATAFOG FOLDER… -- [NAME=PROGRAM…]

DATAFOG is the binary to measure. Text files of the folders, binaries and files over 1.5 MB left out, are
joined to 20 files of 10 MB below a temporary folder, so that no tool can skip by path. Each tool
then scans them, after a small scan that warms caches of its own: user and system time of all its
processes; slow ones scan one of the files. The start is the whole process on 1 KB of text that holds nothing, median of 31.

NAME is one of TOOLS; a tool whose program is not given is left out. Nothing here is installed by
this script. datafog gets the 1 KB on its standard input, as a hook would give it; the others read a file.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

# How each tool is asked to scan a folder with everything on that needs no network.
TOOLS = {
    "betterleaks": lambda program, folder: [program, "auto", folder],
    "detect-secrets": lambda program, folder: [program, "-C", folder, "scan", "--no-verify", "--all-files"],
    "gitleaks": lambda program, folder: [program, "dir", "--no-banner", "--exit-code=0", folder],
    "kingfisher": lambda program, folder: [program, "scan", folder, "--no-validate", "--no-update-check"],
    "redact-cli": lambda program, folder: ["sh", "-c", f'for f in "{folder}"/*; do "{program}" analyze < "$f"; done'],
    "ripsecrets": lambda program, folder: [program, folder],
}
# Tools that take minutes for the whole: they scan one file.
SLOW = {"detect-secrets", "redact-cli"}
FILE = 10_000_000
FILES = 20
START_ROUNDS = 31
LIMIT = 900


def corpus(folders, target):
    """Joins text files to FILES files of FILE bytes and gives the bytes written."""
    written, part = 0, b""
    for folder in folders:
        for place, names, files in sorted(os.walk(folder)):
            names.sort()
            for name in sorted(files):
                path = os.path.join(place, name)
                if os.path.islink(path) or not 0 < os.path.getsize(path) <= 1_500_000:
                    continue
                with open(path, "rb") as file:
                    text = file.read()
                if b"\0" in text:
                    continue
                part += text + b"\n"
                if len(part) >= FILE:
                    number = written // FILE
                    with open(os.path.join(target, f"part{number:02}.txt"), "wb") as file:
                        file.write(part[:FILE])
                    written, part = written + FILE, b""
                if written == FILE * FILES:
                    return written
    return written


def cpu(command):
    """Processor time of a command and its children in seconds; None when it takes too long."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def start(command, text):
    """Median milliseconds of a whole process that is given a text."""
    rounds = []
    for _ in range(START_ROUNDS):
        with open(text, "rb") as file:
            begin = time.perf_counter()
            subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            rounds.append((time.perf_counter() - begin) * 1000)
    return statistics.median(rounds)


def main():
    """Measures what the command line names and prints a table."""
    arguments, _, peers = " ".join(sys.argv[1:]).partition(" -- ")
    datafog, *folders = arguments.split()
    programs = dict(peer.split("=", 1) for peer in peers.split())
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        big, one, small = (os.path.join(home, name) for name in ("big", "one", "small"))
        for folder in (big, one, small):
            os.mkdir(folder)
        size = corpus(folders, big)
        first = min(os.listdir(big))
        os.link(os.path.join(big, first), os.path.join(one, first))
        with open(os.path.join(small, "note.txt"), "wb") as file:
            file.write((b"The quick brown fox jumps over the lazy dog.\n" * 23)[:1024])
        commands = {"datafog": lambda folder: [datafog, "scan", "--json", folder]}
        for name, program in sorted(programs.items()):
            commands[name] = lambda folder, name=name, program=program: TOOLS[name](program, folder)
        print(f"{size // 1_000_000} MB\n\n| tool | MB per CPU-second | start, ms |\n|---|---|---|")
        note = os.path.join(small, "note.txt")
        for name, command in commands.items():
            cpu(command(small))
            seconds = cpu(command(one if name in SLOW else big))
            scanned = FILE if name in SLOW else size
            speed = "over the limit of time" if seconds is None else f"{scanned / 1_000_000 / seconds:.2f}"
            begin = [datafog, "scan", "--json", "--stdin"] if name == "datafog" else command(small)
            print(f"| {name} | {speed} | {start(begin, note):.1f} |", flush=True)


if __name__ == "__main__":
    main()
