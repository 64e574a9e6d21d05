import { createCommand } from "../../named/create-command.ts";

export const command = createCommand({
  noun: "volume",
  make: async (server, request, options) => (await server.modal.volumeGetOrCreate(request, options)).volumeId,
  use: {
    where: "an app",
    lines: (name) => [
      `const volume = Volume.fromName(${JSON.stringify(name)});`,
      'app.function({ name: "train", volumes: { "/vol": volume } }, async () => {',
      '  await writeFile("/vol/hello.txt", "hello");',
      "  await volume.commit();",
      "});",
    ],
  },
});
