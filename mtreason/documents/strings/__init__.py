"""The strings of programs: Android, Apple, Java, .NET and Fluent."""
