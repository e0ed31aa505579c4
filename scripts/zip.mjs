// An archive whose bytes depend on names and contents alone.
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { byText } from './bundled-packages.mjs';

/**
 * Files as a zip, sorted by name, readable by everyone (AWS Lambda asks for that), with one date.
 *
 * They are stored and not deflated: what zlib makes of a file differs between versions of Node and kinds of processors,
 * and the greatest file is compressed in itself.
 *
 * @param {Readonly<Record<string, string | Uint8Array>>} contents by name
 * @returns {Promise<Buffer>}
 */
export async function zip(contents) {
  const archive = new ZipFile();
  for (const name of Object.keys(contents).sort(byText)) {
    archive.addBuffer(Buffer.from(contents[name]), name, {
      // The field holds a local time, and nothing says of which zone: local time in, the same bytes out.
      mtime: new Date(1980, 0, 1, 12),
      forceDosTimestamp: true,
      mode: 0o100644,
      compress: false,
    });
  }
  archive.end();
  return buffer(archive.outputStream);
}
