import { types as t, type NodePath, type PluginObject } from "@babel/core";

import { placeSpecifier, type FileReference } from "./module-place.ts";

/**
 * Has a module ask for its own place instead of the bundle's: `import.meta`, `__dirname` and `__filename`, `require` by a value,
 * `import()` of a value, `createRequire(import.meta.url)`. Tells of each file that the module names by its place beside it.
 */
export function placeReferences(onFile: (file: FileReference) => void): PluginObject {
  let isModule = false;
  let used = false;
  const place = (name: string) => {
    used = true;
    return t.memberExpression(t.identifier(placeName), t.identifier(name));
  };
  const metaOf = (name: string) => t.memberExpression(place("meta"), t.identifier(name));
  return {
    name: "place-references",
    visitor: {
      Program: {
        enter(program) {
          isModule = program.node.body.some((node) => t.isImportOrExportDeclaration(node));
        },
        exit(program) {
          if (!used) return;
          program.unshiftContainer(
            "body",
            isModule
              ? t.importDeclaration(
                  [t.importNamespaceSpecifier(t.identifier(placeName))],
                  t.stringLiteral(placeSpecifier),
                )
              : t.variableDeclaration("const", [
                  t.variableDeclarator(
                    t.identifier(placeName),
                    t.callExpression(t.identifier("require"), [t.stringLiteral(placeSpecifier)]),
                  ),
                ]),
          );
        },
      },
      MetaProperty(path) {
        if (path.node.meta.name !== "import") return;
        isModule = true;
        path.replaceWith(place("meta"));
      },
      NewExpression(path) {
        const specifier = urlBesideModule(path);
        if (specifier === undefined || isForImages(path)) return;
        onFile({ specifier, as: "url" });
        isModule = true;
        path.replaceWith(t.callExpression(place("asset"), [t.stringLiteral(specifier)]));
      },
      CallExpression(path) {
        const joined = pathBesideModule(path);
        if (joined !== undefined && !isForImages(path)) onFile({ specifier: joined, as: "path" });
        requireLiteral(path);
      },
      ImportExpression(path) {
        const { source, options } = path.node;
        if (isKnownToBundler(source)) return;
        path.replaceWith(t.callExpression(place("importFrom"), options ? [source, options] : [source]));
      },
      ReferencedIdentifier(path: NodePath) {
        if (!path.isIdentifier() || path.scope.getBinding(path.node.name)) return;
        const { name } = path.node;
        if (name === "__dirname") path.replaceWith(metaOf("dirname"));
        else if (name === "__filename") path.replaceWith(metaOf("filename"));
        else if (name === "require" && !isCallOfLiteral(path)) path.replaceWith(place("require"));
      },
    } as PluginObject["visitor"] & object,
  };
}

const placeName = "__dorianPlace";

/** `new URL("./x", import.meta.url)`: what "./x" is. */
function urlBesideModule({ node, scope }: NodePath<t.NewExpression>): string | undefined {
  const [specifier, base] = node.arguments;
  if (!t.isIdentifier(node.callee, { name: "URL" }) || scope.getBinding("URL")) return undefined;
  if (!isModuleUrl(base)) return undefined;
  const text = literalText(specifier);
  return text === undefined || /^[a-z][\w+.-]*:|^\//i.test(text) ? undefined : text;
}

/** `join(import.meta.dirname, "a", "b")` and the like: "./a/b". */
function pathBesideModule({ node }: NodePath<t.CallExpression>): string | undefined {
  const { callee } = node;
  const name = t.isMemberExpression(callee) ? callee.property : callee;
  if (!t.isIdentifier(name) || !["join", "resolve"].includes(name.name)) return undefined;
  const [directory, ...rest] = node.arguments;
  const parts = rest.map((part) => literalText(part));
  if (!isModuleDirectory(directory) || parts.length === 0 || parts.includes(undefined)) return undefined;
  return `./${parts.map((part) => encodeURI(part ?? "").replace(/[?#]/g, encodeURIComponent)).join("/")}`;
}

// Files that go into an image, or over it, are shipped as such: only the program that defines it reads them here.
function isForImages(path: NodePath): boolean {
  return path.findParent(({ node }) => t.isCallExpression(node) && isAddingFiles(node.callee)) !== null;
}

function isAddingFiles(callee: t.CallExpression["callee"]): boolean {
  if (!t.isMemberExpression(callee) || !t.isIdentifier(callee.property)) return false;
  return ["addLocalFile", "addLocalDir"].includes(callee.property.name);
}

/** Lets the bundler see through `createRequire(import.meta.url)`: a literal that it gets is bundled as one of `require` is. */
function requireLiteral(path: NodePath<t.CallExpression>): void {
  const { callee } = path.node;
  if (!t.isIdentifier(callee) || !isCallOfLiteral(path.get("callee") as NodePath)) return;
  const binding = path.scope.getBinding(callee.name);
  const declared = binding?.path.node;
  if (!binding || !t.isVariableDeclarator(declared) || !t.isCallExpression(declared.init)) return;
  if (!t.isIdentifier(declared.init.callee, { name: "createRequire" })) return;
  if (callee.name === "require") binding.scope.rename("require");
  path.node.callee = t.identifier("require");
}

function isCallOfLiteral(callee: NodePath): boolean {
  const call = callee.parent;
  return (
    t.isCallExpression(call) &&
    call.callee === callee.node &&
    call.arguments.length === 1 &&
    t.isStringLiteral(call.arguments[0])
  );
}

// A literal is bundled; so is whatever fits a pattern that begins beside the module.
function isKnownToBundler(source: t.Expression): boolean {
  if (t.isStringLiteral(source)) return true;
  if (t.isTemplateLiteral(source)) return /^\.\.?\//.test(source.quasis[0]?.value.cooked ?? "");
  if (t.isBinaryExpression(source, { operator: "+" })) {
    const { left } = source;
    return t.isExpression(left) && (t.isStringLiteral(left) ? /^\.\.?\//.test(left.value) : isPattern(left));
  }
  return false;
}

function isPattern(source: t.Expression): boolean {
  return t.isBinaryExpression(source) && isKnownToBundler(source);
}

function literalText(node: t.Node | undefined | null): string | undefined {
  if (t.isStringLiteral(node)) return node.value;
  if (t.isTemplateLiteral(node) && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? "";
  return undefined;
}

function isModuleUrl(node: t.Node | undefined | null): boolean {
  return isOfModule(node, "url");
}

function isModuleDirectory(node: t.Node | undefined | null): boolean {
  return t.isIdentifier(node, { name: "__dirname" }) || isOfModule(node, "dirname");
}

function isOfModule(node: t.Node | undefined | null, property: string): boolean {
  return (
    t.isMemberExpression(node) &&
    t.isMetaProperty(node.object) &&
    t.isIdentifier(node.property, { name: property })
  );
}
