/**
 * Handing a configuration to a gateway: through a folder that its start script reads, or to its Admin API.
 *
 * An importer stages; whether what it staged is used is decided at each start of the gateway, in its own container and
 * by its own user, by `start.sh` with the help of `cache.lua`. The folder (KONG_RESILIENCE_HANDOVER_DIR):
 *
 * | file | what it holds |
 * | --- | --- |
 * | `config.json` | the configuration; absent: nothing is armed |
 * | `handed-over` | the MD5 of each of the last 100 files staged, one a line, the newest last. Written *before* `config.json` is put in its place: a `config.json` that it does not list is cut or foreign, and a cache whose hash it lists stems from us |
 * | `result.json` | what the last import did, for people and for `status` |
 * | `start.sh`, `cache.lua` | the start script, and the reader of the gateway's cache |
 * | `checked` | written by the start script where it may: what `kong config parse` said of the last file |
 *
 * In the gateway's prefix the start script keeps `kong-resilience.started-from` (the MD5 of each file that a start may
 * have filled the cache with, and whose it was) and, where it may not write here, `kong-resilience.checked`.
 */
export * from './handover';
export * from './has-configuration';
export * from './post-config';
