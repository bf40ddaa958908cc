/** Tests run on the sources as they are; types are checked by `npm run check`. */
module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.ts$': [
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
