type Colour = [red: number, green: number, blue: number];

export interface Weather {
  /** Which hills there are. */
  seed: number;
  /** Where the sun stands, from the left and from the top, as shares of the picture. */
  sun: [x: number, y: number];
  /** At the horizon, and high above. */
  sky: [Colour, Colour];
}

const ridges = 4;

/** Hills one behind the other under a sky, as raw pixels of three bytes. */
export function landscape(width: number, height: number, { seed, sun, sky }: Weather): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  for (let x = 0; x < width; x += 1) {
    const tops = Array.from({ length: ridges }, (_, ridge) => ridgeAt(x / width, ridge, seed) * height);
    for (let y = 0; y < height; y += 1) {
      const ridge = tops.findLastIndex((top) => y >= top);
      const air = skyAt(x / width, y / height, sun, sky);
      // What is far away has more of the sky's colour.
      const colour = ridge < 0 ? air : mixed(air, [15, 25, 20], (ridge + 1) / ridges);
      pixels.set(colour, (y * width + x) * 3);
    }
  }
  return pixels;
}

/** How far from the top a ridge begins, as a share of the picture. */
function ridgeAt(x: number, ridge: number, seed: number): number {
  let top = 0.5 + 0.13 * ridge;
  for (let wave = 1; wave <= 6; wave += 1) {
    const phase = seed * 1.7 * wave + ridge * 2.3;
    top -= (0.07 / wave) * Math.sin(phase + x * 3.1 * wave * (1 + ridge / 3));
  }
  return top;
}

function skyAt(x: number, y: number, [sunX, sunY]: [number, number], [low, high]: [Colour, Colour]): Colour {
  const distance = Math.hypot((x - sunX) * 1.6, y - sunY);
  const glow = distance < 0.06 ? 1 : 0.5 * Math.exp(-6 * (distance - 0.06));
  return mixed(mixed(high, low, Math.min(1, y * 1.5)), [255, 250, 225], glow);
}

function mixed(from: Colour, to: Colour, share: number): Colour {
  const at = (index: 0 | 1 | 2) => from[index] + (to[index] - from[index]) * share;
  return [at(0), at(1), at(2)];
}
