/** Visitors of the web chat have a long ID for a name: its beginning tells them apart. */
export function shortPerson(person: string): string {
  return /^[\w-]{17,}$/.test(person) ? `${person.slice(0, 10)}…` : person;
}
