/** A part of the page: its text, and its pictures by name. */
export interface Section {
  readonly text: string;
  readonly pictures?: Readonly<Record<string, string>>;
}
