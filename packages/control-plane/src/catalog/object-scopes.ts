import type { AppRegistry } from "./app/app-registry.ts";
import type { ScopeOfObject } from "../access/permission/reach.ts";
import type { BlobRegistry } from "./blob/blob-registry.ts";
import type { ClassRegistry } from "./class/class-registry.ts";
import type { Environments } from "../access/environment/environments.ts";
import type { FunctionRegistry } from "./function/function-registry.ts";
import type { NamedObjects } from "./named-object/named-objects.ts";
import type { SecretStore } from "./secret/secret-store.ts";
import type { VolumeRegistry } from "./volume/volume-registry.ts";

export interface ObjectSources {
  apps: AppRegistry;
  functions: FunctionRegistry;
  classes: ClassRegistry;
  environments: Environments;
  volumes: VolumeRegistry;
  secrets: SecretStore;
  dicts: NamedObjects;
  queues: NamedObjects;
  blobs: BlobRegistry;
  /** The app of a call, an input, a container or a sandbox; undefined for one that is not known. */
  appOfWork: (id: string) => Promise<string | undefined>;
}

/** Images, code mounts and definitions are contents: who knows their ids may use them, in every environment. */
const shared: readonly string[] = ["im", "mo", "de", "ir"];

/** Tells the scope of what an id names, by the kind that it begins with. */
export function objectScopes(sources: ObjectSources): ScopeOfObject {
  const { apps, functions, classes, environments, volumes, secrets, dicts, queues, blobs } = sources;
  const ofApp = (appId: string | undefined) => (appId === undefined ? undefined : apps.get(appId)?.scope);
  return async (id) => {
    const kind = id.slice(0, 2);
    switch (kind) {
      case "ap":
        return ofApp(id);
      case "fu":
        return ofApp(functions.get(id)?.appId);
      case "cs":
        return ofApp(classes.get(id)?.appId);
      case "en":
        return environments.all().find((each) => each.environmentId === id)?.scope;
      case "vo":
        return volumes.get(id)?.scope;
      case "st":
        return secrets.get(id)?.scope;
      case "di":
        return dicts.get(id)?.scope;
      case "qu":
        return queues.get(id)?.scope;
      case "bl": {
        const owner = blobs.ownerOf(id);
        return owner && (owner.scope ?? "all");
      }
      default:
        return shared.includes(kind) ? "all" : ofApp(await sources.appOfWork(id));
    }
  };
}
