"""What the rules of a jurisdiction ask before somebody copies: packs as values, and the score of a questionnaire."""
