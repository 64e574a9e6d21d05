import type { shells } from "./nouns.ts";

/** What each shell is to load. All ask `dorian completion` itself, so that it knows the commands of the version that is there. */
export const shellScripts: Record<(typeof shells)[number], string> = {
  bash: `_dorian() {
  local word about
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    COMPREPLY+=("$word")
  done < <("\${COMP_WORDS[0]}" completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _dorian dorian
`,
  zsh: `#compdef dorian
_dorian() {
  local -a found
  local word about
  while IFS=$'\\t' read -r word about; do
    found+=("\${word//:/\\\\:}:$about")
  done < <("\${words[1]}" completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then
    _describe -V dorian found
  else
    _files
  fi
}
compdef _dorian dorian
`,
  fish: `function __dorian_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] completion fish -- $words[2..-1] 2>/dev/null
end
complete -c dorian -a '(__dorian_complete)'
`,
};
