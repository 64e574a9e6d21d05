/** A model that has a vector for each piece of a word: a text's vector is the mean of those of its pieces. */
export class StaticModel {
  #ids: Map<string, number>;
  #vectors: Float32Array;
  #size: number;

  /** `tokenizer`: a tokenizer.json with word pieces; `tensors`: a safetensors file that has "embeddings". */
  constructor(tokenizer: string, tensors: Uint8Array) {
    const { model } = JSON.parse(tokenizer) as { model: { vocab: Record<string, number> } };
    this.#ids = new Map(Object.entries(model.vocab));
    const view = new DataView(tensors.buffer, tensors.byteOffset, tensors.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(tensors.subarray(8, start))) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] } | undefined
    >;
    const tensor = header["embeddings"];
    if (tensor?.dtype !== "F32") throw new Error("The model has no embeddings of 32-bit numbers.");
    const [from, to] = tensor.data_offsets;
    // A copy begins where numbers may.
    this.#vectors = new Float32Array(new Uint8Array(tensors.subarray(start + from, start + to)).buffer);
    this.#size = tensor.shape[1] ?? 0;
  }

  /** A vector of length 1; all zeros for a text without a word that is known. */
  embed(text: string): number[] {
    const sum = Array.from({ length: this.#size }, () => 0);
    for (const id of this.#pieces(text)) {
      for (let index = 0; index < this.#size; index++)
        sum[index] = (sum[index] ?? 0) + (this.#vectors[id * this.#size + index] ?? 0);
    }
    const length = Math.hypot(...sum) || 1;
    return sum.map((value) => value / length);
  }

  /** The longest pieces that are known, word by word. */
  #pieces(text: string): number[] {
    const plain = text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
    return [...plain.matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)].flatMap(([word]) => {
      const ids: number[] = [];
      for (let at = 0; at < word.length;) {
        let end = word.length;
        const piece = () => (at === 0 ? "" : "##") + word.slice(at, end);
        while (end > at && !this.#ids.has(piece())) end--;
        const id = end > at ? this.#ids.get(piece()) : undefined;
        if (id === undefined) return [];
        ids.push(id);
        at = end;
      }
      return ids;
    });
  }
}
