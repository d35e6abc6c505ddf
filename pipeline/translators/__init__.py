"""From images of one domain to images of another, by any method: values in, values out."""
