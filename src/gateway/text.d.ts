/** Files that are carried as text: esbuild's `text` loader, and the plugin in vitest.config.mts. */
declare module '*.sh' {
  const text: string;
  export default text;
}
declare module '*.lua' {
  const text: string;
  export default text;
}
