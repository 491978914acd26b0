"""From records to what the API shows. Nothing here asks who is looking: ``finding`` has done
that.
"""
