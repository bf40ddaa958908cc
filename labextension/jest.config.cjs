/** Tests run on the sources as they are; types are checked by `npm run check`. */
module.exports = {
  testEnvironment: 'jsdom',
  setupFiles: ['<rootDir>/test/support/browser.ts'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // the shared model that JupyterLab keeps notebooks in is published as modules only
  transformIgnorePatterns: ['/node_modules/(?!(@jupyter/ydoc|yjs|lib0|y-protocols)/)'],
  transform: {
    '\\.[jt]s$': [
      'ts-jest',
      {
        tsconfig: {
          module: 'commonjs',
          moduleResolution: 'node10',
          esModuleInterop: true,
          allowJs: true,
          isolatedModules: true,
          target: 'ES2022'
        },
        diagnostics: false
      }
    ]
  }
};
