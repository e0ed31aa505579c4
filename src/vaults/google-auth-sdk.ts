/** All that is used of Google's credentials for secrets. One module, so that the bundle can hold it apart. */
export { GoogleAuth } from 'google-auth-library';
