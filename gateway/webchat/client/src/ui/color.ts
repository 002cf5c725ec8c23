/**
 * The CSS variables for a colour that a site has chosen, with writing on it that
 * can be read. Anything but #rgb or #rrggbb is left out.
 */
export function accent(color: string | undefined): [string, string][] {
  const m = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(color ?? "");
  if (!m) return [];
  const hex = (m[1] as string).length === 3 ? [...(m[1] as string)].map((c) => c + c).join("") : (m[1] as string);
  const [r, g, b] = [0, 2, 4].map((i) => {
    const v = parseInt(hex.slice(i, i + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return [
    ["--accent", "#" + hex],
    ["--on-accent", light > 0.3 ? "#111" : "#fff"],
  ];
}
