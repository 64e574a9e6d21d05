import { ownCriu } from "@dorian/worker/container/runc/criu";
import { judgeRunc, runcAdvice, runcWarning } from "@dorian/worker/container/runc/runc-holes";
import type { Distribution } from "./distribution.ts";
import type { MachineFacts } from "./machine-facts.ts";
import { installLines, type Requirement } from "./requirements.ts";
import { ok, type Verdict, warn } from "./verdict.ts";

export function judgeRequirement(wanted: Requirement, { installed, distribution }: MachineFacts): Verdict {
  const path = installed[wanted.id];
  if (path !== undefined) return ok(path);
  return {
    status: wanted.absence,
    found: `${wanted.file} is not installed: it ${wanted.purpose}`,
    advice: adviceOn(wanted, distribution),
  };
}

function adviceOn(wanted: Requirement, { manager, release, name }: Distribution): string {
  const lines = installLines(manager, [wanted]);
  if (lines.length === 0) return `install ${wanted.file}: which package of ${name} has it is not known here.`;
  const typed = `\`${lines.join(" && ")}\``;
  return release === undefined ? typed : `\`dorian setup\` installs it, or ${typed}.`;
}

export function judgeRuncHoles({ installed, runcVersion, distribution }: MachineFacts): Verdict {
  if (installed.runc === undefined) return warn("not known without runc", "see above.");
  const judged = judgeRunc(runcVersion);
  const warning = runcWarning(judged);
  return warning === undefined
    ? ok(`none known in runc ${judged.version}`)
    : warn(warning, adviceOnHoles(distribution));
}

/** What mends a distribution's runc. */
function adviceOnHoles({ release }: Distribution): string {
  const update = "`apt-get update && apt-get install --only-upgrade runc` brings what is mended there";
  switch (release) {
    case "bookworm":
      return `Debian 12 has no mended build: put runc 1.3.3 or newer of its own project's at /usr/local/sbin/runc, go to Debian 13, or run strangers' code in gVisor: \`dorian up --runtime-untrusted runsc\`. ${trusted}`;
    case undefined:
      return runcAdvice;
    default:
      return `${update}. ${trusted}`;
  }
}

const trusted = "Until then run only images and code that you trust.";

export function judgeGvisor({ installed }: MachineFacts): Verdict {
  return installed.runsc === undefined
    ? warn(
        "runsc is not installed",
        "nothing has to be done unless functions ask for it: `apt-get install runsc`, of 2024 or later (bookworm-backports).",
      )
    : ok(installed.runsc);
}

export function judgeCriu({ criu }: MachineFacts): Verdict {
  return "criu" in criu
    ? ok(`CRIU ${criu.criu.version}`)
    : warn(
        `no memory snapshots: ${criu.absence}`,
        `install CRIU 4.2 or newer, from the distribution or, with the libraries it needs, as ${ownCriu}; without it functions with enableMemorySnapshot start as all others do.`,
      );
}
