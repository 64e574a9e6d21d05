// That it type-checks is the test: nothing runs it.
import { App, Image, Secret, build } from "@dorian/sdk";
import { expectTypeOf } from "vitest";

async function download(model: string, size?: number) {
  return [model, size];
}

/** What a build function is called with is what it takes. */
export const baked = Image.debianSlim()
  .runFunction(download, { args: ["iris-a"] })
  .runFunction(download, { args: ["iris-a", 2], timeout: 60, env: { A: "1" } });
// @ts-expect-error: a model's name is a text
Image.debianSlim().runFunction(download, { args: [1] });
// @ts-expect-error: there is no such option
Image.debianSlim().runFunction(download, { timeoutSecs: 60 });

/** Guarded imports have the types of what they load. */
export async function guarded() {
  expectTypeOf(await baked.imports(async () => ({ area: (r: number) => r * r }))).toEqualTypeOf<{
    area: (r: number) => number;
  }>();
}

// @ts-expect-error: a login is a secret
Image.fromRegistry("registry.example/x", { secret: "password" });
// @ts-expect-error: Amazon's registry has no anonymous pulls
Image.fromAwsEcr("1.dkr.ecr.eu-west-1.amazonaws.com/x:1");
// @ts-expect-error: a program is a list of words
Image.debianSlim().entrypoint("sh -c true");
// @ts-expect-error: values of variables are texts
Image.debianSlim().env({ PORT: 80 });
// @ts-expect-error: both files have to be named
Image.debianSlim().npmInstallFrom("package.json");
// @ts-expect-error: options of pip are not those of apt
Image.debianSlim().aptInstall("git", { indexUrl: "https://pypi.example" });
Image.debianSlim().pipInstall("six", {
  indexUrl: "https://pypi.example",
  secrets: [Secret.fromName("index")],
});

class Model {
  download() {}
  load() {}
}
const app = new App("images");
app.cls({}, Model, { build: ["download"] });
app.cls({}, Model, { build: { download: { timeout: 60, forceBuild: true } }, enter: ["load"] });
// @ts-expect-error: there is no such method
app.cls({}, Model, { build: { fetch: {} } });
// @ts-expect-error: there is no such option
app.cls({}, Model, { build: { download: { seconds: 60 } } });
// @ts-expect-error: a limit is a number of seconds
build({ timeout: "1h" });
