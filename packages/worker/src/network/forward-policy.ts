/** A base chain as \`nft --json list chains\` shows it. */
interface Chain {
  family: string;
  table: string;
  name: string;
  hook?: string;
  policy?: string;
}

/**
 * Warnings about other tools' rules that stop what containers send: an accept in our table does not overrule a drop in
 * theirs. `chains` is the output of `nft --json list chains`. Pure.
 */
export function forwardWarnings(chains: string, names: { table: string; bridge: string }): string[] {
  const { nftables } = JSON.parse(chains) as { nftables: { chain?: Chain }[] };
  return nftables
    .flatMap(({ chain }) => (chain ? [chain] : []))
    .filter(
      (chain) =>
        chain.hook === "forward" &&
        chain.policy === "drop" &&
        chain.table !== names.table &&
        ["ip", "inet"].includes(chain.family),
    )
    .map(
      (chain) =>
        `The chain ${chain.name} of table ${chain.family} ${chain.table} drops forwarded traffic by default, so containers ` +
        `may have no network. Allow theirs: ${remedy(chain, names.bridge)}`,
    );
}

function remedy(chain: Chain, bridge: string): string {
  // iptables' own tables must be changed by iptables; Docker keeps a chain in them for rules of others.
  if (chain.table === "filter" && chain.name === "FORWARD") {
    return (
      `\`iptables -I FORWARD -i ${bridge} -j ACCEPT && ` +
      `iptables -I FORWARD -o ${bridge} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\`.`
    );
  }
  const into = `nft insert rule ${chain.family} ${chain.table} ${chain.name}`;
  return `\`${into} iifname ${bridge} accept && ${into} oifname ${bridge} ct state established,related accept\`.`;
}
