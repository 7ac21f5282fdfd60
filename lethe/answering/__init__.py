"""From a stored question to a cited answer: pure logic and the steps that thin activities call."""
