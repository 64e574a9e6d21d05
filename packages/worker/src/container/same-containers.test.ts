import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { expect, test } from "vitest";
import { testBuilder } from "../../test/test-builder.ts";

/** All that a process can see of the container it is in, section by section. */
const look = `
echo "== environment"; env -u PWD -u SHLVL | sort
echo "== directory"; pwd
echo "== user"; id; echo ~
echo "== name"; hostname; cat /etc/hostname; sed -E 's/^10[.0-9]+/OWN/' /etc/hosts
echo "== resolvers"; cat /etc/resolv.conf
echo "== rights"; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; cat /proc/self/oom_score_adj
echo "== limits"; cat /proc/self/limits
echo "== mounts"; awk '{ print $5, $6 }' /proc/self/mountinfo | sort
echo "== memory and processes"; cd /sys/fs/cgroup; cat memory.max memory/memory.limit_in_bytes pids.max pids/pids.max 2>/dev/null
echo "== share of the processor"; cat cpu.weight cpu/cpu.shares 2>/dev/null
echo "== devices"; ls -l /dev | awk '{ print $1, $3, $4, $NF }'
echo "== files"; ls -ldn / /tmp /var/tmp /run /dev/shm 2>/dev/null | awk '{ print $1, $3, $4, $NF }'
echo "== network"; ip -o addr | awk '{ print $2, $3 }'
`;

/** What differs on purpose: decision 0044 says why. */
const ofSteps = {
  environment: [
    "DEBIAN_FRONTEND=noninteractive",
    "NPM_CONFIG_CACHE=/run/dorian/cache/npm",
    "NPM_CONFIG_UPDATE_NOTIFIER=false",
    "PIP_CACHE_DIR=/run/dorian/cache/pip",
    "STAGE=argument",
    "UV_CACHE_DIR=/run/dorian/cache/uv",
    "UV_LINK_MODE=copy",
  ],
  mounts: [
    expect.stringMatching(/^\/run\/dorian\/cache rw,nosuid,nodev\b/),
    expect.stringMatching(/^\/run\/dorian\/operator ro,nosuid,nodev\b/),
  ],
};
const ofTasks = {
  environment: [
    "MODAL_CLOUD_PROVIDER=local",
    "MODAL_CONTAINER_ARGUMENTS_PATH=/run/dorian/arguments",
    "MODAL_ENVIRONMENT=",
    "MODAL_IMAGE_ID=",
    "MODAL_IS_REMOTE=1",
    "MODAL_REGION=local",
    "MODAL_SERVER_URL=unix:///run/dorian/task.sock",
    expect.stringMatching(/^MODAL_TASK_ID=ta-/),
    "NO_PROXY=169.254.77.77",
    "no_proxy=169.254.77.77",
  ],
  mounts: [expect.stringMatching(/^\/run\/dorian rw,nosuid,nodev,noexec\b/)],
};

/** One who has set nothing but a proxy. */
const operator: Partial<OperatorSettings> = {
  proxyEnv: { HTTPS_PROXY: "http://proxy.example:3128" },
  runtimeEnv: { HTTPS_PROXY: "http://proxy.example:3128" },
  buildEnv: {},
  certificates: undefined,
  aptArchives: undefined,
  npmrc: "",
  pip: { options: new Map() },
};

function sectionsOf(text: string): Record<string, string[]> {
  const sections = text.split(/^== /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const [name = "", ...lines] = section.trimEnd().split("\n");
      return [name, lines];
    }),
  );
}

const images = [
  { config: {}, directories: ["/", "/root"] },
  { config: { user: "1001:1002", workdir: "/srv", env: { HOME: "/srv" } }, directories: ["/srv", "/srv"] },
];

test("a build step and a task on the same image see the same, but for what is listed", async () => {
  await using machine = await testBuilder({ operator });
  const layerIds = [await machine.busybox()];
  for (const row of images) {
    const config = { ...row.config, env: { A: "image", B: "image", ...row.config.env } };
    const secretEnv = { B: "secret" };
    const built = await machine.build({
      baseLayerIds: layerIds,
      baseConfig: config,
      dockerfile: `FROM base\nARG STAGE=argument\nRUN ["sh", "-c", ${JSON.stringify(look)}]`,
      secretEnv,
    });
    const task = await machine.task({ layerIds, config, command: ["sh", "-c", look], secretEnv });
    const step = sectionsOf(built.log.replace(/^Saved the image.*/m, "").replace(/^=> .*/gm, ""));
    const container = sectionsOf(task.printed);
    expect(Object.keys(step)).toEqual(Object.keys(container));
    expect(step["environment"]).toEqual(expect.arrayContaining(["A=image", "B=secret"]));
    expect([step["directory"], container["directory"]]).toEqual(row.directories.map((path) => [path]));
    expect([step, container].map((seen) => seen["share of the processor"])).toEqual(
      [/^(1024|39|100)$/, /^(128|5|13)$/].map((weight) => [expect.stringMatching(weight)]),
    );
    for (const name of ["environment", "mounts"] as const) {
      const [one = [], other = []] = [step[name], container[name]];
      expect(one.filter((line) => !other.includes(line))).toEqual(ofSteps[name]);
      expect(other.filter((line) => !one.includes(line))).toEqual(ofTasks[name]);
    }
    for (const name of ["environment", "mounts", "directory", "share of the processor"]) {
      delete step[name];
      delete container[name];
    }
    expect(step).toEqual(container);
  }
});
