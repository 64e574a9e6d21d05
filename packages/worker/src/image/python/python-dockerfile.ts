import { interpreterImage } from "./interpreter-layer.ts";
import { packagesFor } from "./library-packages.ts";
import type { PythonPlan } from "./python-plan.ts";

const always = ["ca-certificates", "netbase", "tzdata"];

/** A part of what the official images that are not slim bring along for building packages from source. */
const forBuilding = [
  "build-essential",
  "curl",
  "git",
  "gnupg",
  "libbz2-dev",
  "libffi-dev",
  "liblzma-dev",
  "libncurses-dev",
  "libreadline-dev",
  "libsqlite3-dev",
  "libssl-dev",
  "pkg-config",
  "procps",
  "unzip",
  "wget",
  "xz-utils",
  "zlib1g-dev",
];

/** Has packages of Debian's Python installed the way that images of Docker are: whoever runs pip means it. */
const unmanaged = "path-exclude=/usr/lib/python3*/EXTERNALLY-MANAGED";

/** The steps that make a Python image, on Debian's own packages. */
export function pythonDockerfile(plan: PythonPlan, options: { slim: boolean }): string {
  const { release, interpreter } = plan;
  const packages = [
    ...always,
    ...(options.slim ? [] : forBuilding),
    ...(interpreter ? packagesFor(interpreter.libraries) : ownPackages(plan)),
  ];
  return [
    `FROM debian:${release.suite}-slim`,
    ...(interpreter ? [`COPY --from=${interpreterImage}:${interpreter.version} / /`] : []),
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    "RUN <<'END'",
    "set -e",
    ...(interpreter ? [] : [`echo '${unmanaged}' > /etc/dpkg/dpkg.cfg.d/dorian-python`]),
    "apt-get update -qq",
    `apt-get install -y -qq --no-install-recommends ${packages.join(" ")} > /tmp/apt.log 2>&1 || { cat /tmp/apt.log; exit 1; }`,
    ...(interpreter
      ? ["ldconfig", "PIP_ROOT_USER_ACTION=ignore python3 -m ensurepip --default-pip > /dev/null"]
      : ownCommands(plan)),
    "rm -rf /var/lib/apt/lists/* /tmp/apt.log",
    "END",
    'CMD ["python3"]',
    "",
  ].join("\n");
}

function ownPackages({ minor, release }: PythonPlan): string[] {
  const hasDistutils = Number(minor.split(".")[1]) < 12;
  return [
    "python3",
    "python3-dev",
    "python3-venv",
    ...(hasDistutils ? ["python3-distutils"] : []),
    ...(release.suite === "bullseye" ? ["python3-pip"] : ["python3-pip-whl", "python3-setuptools-whl"]),
  ];
}

/** Pip in the place of an image's own packages, where it can be renewed; and the usual names and paths. */
function ownCommands({ minor, release }: PythonPlan): string[] {
  const packages = `/usr/local/lib/python${minor}`;
  const wheels = "/usr/share/python-wheels";
  return [
    ...["python", "python3", `python${minor}`].map(
      (name) => `ln -s /usr/bin/python${minor} /usr/local/bin/${name}`,
    ),
    `mkdir -p ${packages}/dist-packages`,
    `ln -s dist-packages ${packages}/site-packages`,
    ...(release.suite === "bullseye"
      ? []
      : [
          `python3 $(echo ${wheels}/pip-*.whl)/pip install --quiet --no-index --root-user-action=ignore --find-links ${wheels} pip setuptools`,
        ]),
    `rm -f /usr/lib/python${minor}/config-*/*.a /usr/lib/*/libpython${minor}.a`,
  ];
}
