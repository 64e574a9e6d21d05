import { create } from "@bufbuild/protobuf";
import {
  Warning_WarningType as WarningType,
  WarningSchema,
  type Function as FunctionDefinition,
  type Warning,
} from "@dorian/protocol/modal";
import { inWordsOf, type Language } from "@dorian/protocol/error/words";

/** Experimental options that mean something here. */
const servedExperiments = new Set(["fail_fast"]);

/** A warning for each option of a function that changes nothing here, in the words of the one who wrote it. */
export function ignoredOptions(definition: FunctionDefinition, language: Language | undefined): Warning[] {
  const { schedulerPlacement: place, cloudProviderStr, cloudProvider, experimentalOptions } = definition;
  const wantsPlace =
    (place?.regions.length ?? 0) > 0 || place?.Region !== undefined || place?.Zone !== undefined;
  const experiments = Object.keys(experimentalOptions).filter((name) => !servedExperiments.has(name));
  const notes: [boolean, string][] = [
    [
      wantsPlace || cloudProviderStr !== "" || cloudProvider !== undefined,
      "`cloud` and `region` change nothing: its containers run on whichever worker has room.",
    ],
    [definition.routingRegion !== "", "`routing_region` changes nothing: calls go straight to the server."],
    [
      definition.resources?.rdma ?? false,
      "`rdma` changes nothing: its containers reach the network as all others do.",
    ],
    [
      experiments.length > 0,
      `Nobody looks at its \`experimental_options\` here: ${experiments.map((name) => `"${name}"`).join(", ")}.`,
    ],
  ];
  return notes
    .filter(([isAskedFor]) => isAskedFor)
    .map(([, note]) =>
      create(WarningSchema, {
        type: WarningType.FUNCTION_CONFIGURATION,
        message: `${definition.functionName}: ${inWordsOf(language, note)}`,
      }),
    );
}
