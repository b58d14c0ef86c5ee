// Calls `run` or `undo` of a Node KEY in a process of its own.
//
// One JSON object comes in on stdin, one goes out on the descriptor that it names; stdout and stderr are for progress.

import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const call = JSON.parse(readFileSync(0, "utf8"));
const stopping = new AbortController();
let hasAnswered = false;

process.stdout.write = process.stderr.write.bind(process.stderr);
process.on("SIGTERM", () => stopping.abort(new Error("The call is being stopped.")));
process.on("uncaughtException", (error) => end({ how: "crashed", error: words(error) }, error));

let work;
try {
  const module = await import(pathToFileURL(call.entry).href);
  work = call.mode === "undo" ? module.undo : module.default;
  if (typeof work !== "function") {
    throw new Error(call.mode === "undo" ? "It exports no undo function." : "It exports no default function.");
  }
} catch (error) {
  end({ how: "unloadable", error: words(error) }, error);
}

try {
  end({ how: "returned", result: await work(call.arguments, tools()) });
} catch (error) {
  end({ how: "threw", error: words(error) }, error);
}

function tools() {
  return {
    mode: call.mode,
    scratch: call.scratch,
    resultBefore: call.result_before,
    signal: stopping.signal,
    progress: (text) => process.stderr.write(`${text}\n`),
  };
}

function words(error) {
  if (!(error instanceof Error)) return String(error);
  const isPlain = error.name === "Error" && error.message;
  return isPlain ? error.message : `${error.name}: ${error.message}`;
}

function end(answer, error) {
  if (hasAnswered) return;
  hasAnswered = true;
  if (error instanceof Error && error.stack) writeAll(2, `${error.stack}\n`);
  writeAll(call.answer_fd, spelled(answer));
  process.exit(0);
}

function spelled(answer) {
  try {
    const text = JSON.stringify(answer);
    if (answer.how === "returned" && answer.result === undefined) throw new Error("It returned nothing.");
    return text;
  } catch (error) {
    return JSON.stringify({ how: "unwritable", error: words(error) });
  }
}

function writeAll(descriptor, text) {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") return;
    }
  }
}
