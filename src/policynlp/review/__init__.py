"""Review sheets: paragraphs that people should judge, what they said, and a corpus of it.

One row is one paragraph, since labels on paragraphs are what the classifiers learn from; its
section stands beside it, since that is how the model reads a paragraph, and a person, too.
"""
