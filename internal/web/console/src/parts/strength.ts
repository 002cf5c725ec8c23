/** Shortest password that the server takes. */
export const minPassword = 10;

export type Strength = "tooShort" | "weak" | "fair" | "good" | "strong";

const common = ["password", "parley", "qwerty", "admin", "letmein", "welcome", "12345", "abcde", "iloveyou"];

/**
 * A rough guess of how hard a password is to guess: characters that differ, kinds of
 * characters and length count, well-known pieces and the user name do not. It is a
 * hint; the server decides.
 */
export function strengthOf(password: string, username = ""): Strength {
  const length = [...password].length;
  if (length < minPassword) return "tooShort";
  let rest = password.toLowerCase();
  for (const piece of [...common, username.toLowerCase()]) {
    if (piece.length > 2) rest = rest.split(piece).join("");
  }
  const different = new Set(rest).size;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u, /\p{Lo}/u].filter((k) =>
    k.test(password),
  ).length;
  const score = Math.min([...rest].length, different * 2) + kinds * 2;
  if (score < 13) return "weak";
  if (score < 18) return "fair";
  if (score < 25) return "good";
  return "strong";
}
