/** All that is used of Google's library. One module, so that the bundle can hold it apart. */
export { Storage } from '@google-cloud/storage';
